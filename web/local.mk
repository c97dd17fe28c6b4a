# web/: pages served by signd.
