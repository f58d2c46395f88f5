"""The decision, pure: a framework document and an evidence document give an assessment document."""
