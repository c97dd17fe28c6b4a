# bench/: make bench-ROOM appends rows to bench/out.tsv.
