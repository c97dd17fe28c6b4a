dist_check_SCRIPTS += %D%/names.sh
TESTS += %D%/names.sh
