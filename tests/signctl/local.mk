dist_check_SCRIPTS += %D%/usage.sh %D%/timestamp.sh %D%/sod.sh %D%/token.sh
TESTS += %D%/usage.sh %D%/timestamp.sh %D%/sod.sh %D%/token.sh
