# fuzz/: one target per parser, under forty lines each.
