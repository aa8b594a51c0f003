"""The pure price evaluator: the same function quotes, runs, bills, previews and re-proves a price."""

#: Stored with every quote; raised whenever the same input may give another output.
ENGINE_VERSION = "1.5"
