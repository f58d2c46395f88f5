"""Tables that leave the house, as CSV and as XLSX: `table` says what one is, `as_csv` and `as_xlsx` write it, each other file describes one."""
