# The pages, in a browser.
dist_check_SCRIPTS += %D%/page.sh %D%/second.sh
EXTRA_DIST += %D%/browser.sh
TESTS += %D%/page.sh %D%/second.sh
