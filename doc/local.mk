# doc/: what the program is and why; manual pages.
EXTRA_DIST += %D%/architecture.md %D%/api.md %D%/settings.md
