"""The yardstick: the least that a plain Django and DRF project does for the same kind of answer."""
