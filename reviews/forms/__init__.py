"""The forms of the board, one file a noun. They read what was typed; whether it may be done is asked of the verbs."""
