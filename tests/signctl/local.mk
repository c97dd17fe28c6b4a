dist_check_SCRIPTS += %D%/usage.sh %D%/timestamp.sh %D%/sod.sh %D%/levels.sh
TESTS += %D%/usage.sh %D%/timestamp.sh %D%/sod.sh %D%/levels.sh
