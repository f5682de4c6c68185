"""Forms on websites: built by marketing, shown there or on a page of ours, and what visitors send taken in."""
