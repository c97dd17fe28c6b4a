# The pages, in a browser.
dist_check_SCRIPTS += %D%/page.sh %D%/second.sh
EXTRA_DIST += %D%/browser.sh %D%/wcag.js %D%/axe.js
TESTS += %D%/page.sh %D%/second.sh
