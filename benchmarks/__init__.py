"""Speed comparisons with other tools. Each contest runs both sides alternately, in one process, on the same documents."""
