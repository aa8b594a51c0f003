"""The receipt of a billed order: how its tax is divided, the page that anybody with its link may open, the link."""
