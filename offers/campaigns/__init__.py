"""The campaigns of use case 6 as templates: data that the ordinary forms are filled in with."""
