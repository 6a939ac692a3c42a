"""The market map: coins as dots, their names, their cards."""
