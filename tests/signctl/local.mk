dist_check_SCRIPTS += %D%/usage.sh
TESTS += %D%/usage.sh
