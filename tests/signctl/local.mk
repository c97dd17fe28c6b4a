dist_check_SCRIPTS += %D%/usage.sh %D%/sod.sh
TESTS += %D%/usage.sh %D%/sod.sh
