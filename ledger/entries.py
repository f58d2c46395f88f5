"""What the ledger tells of itself."""

from ledger.sentences import describe

LOG_OPENED = "ledger:log:opened"
KEY_INTRODUCED = "ledger:key:introduced"
FIELD_PURGED = "ledger:field:purged"
EXPORT_MADE = "ledger:export:made"

describe(LOG_OPENED, "{actor} opened the ledger in {mode} mode.")
describe(KEY_INTRODUCED, "The checkpoint process introduced its key {key_id}.")
describe(FIELD_PURGED, "{actor} purged the value of {path} in entry {seq}: {reason}.")
describe(EXPORT_MADE, "{actor} exported {size} entries with their {classes} values.")
