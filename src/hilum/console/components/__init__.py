"""The parts that pages are made of: ages, state chips, sparklines, payloads, dialogs, tables."""
