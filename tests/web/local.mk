# The pages, in a browser.
dist_check_SCRIPTS += %D%/page.sh
TESTS += %D%/page.sh
EXTRA_DIST += %D%/wcag.js
