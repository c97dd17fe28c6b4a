# Checks of the compiler: warnings, hardening, sanitizers, coverage, fuzzing.

# SIGND_TRY_CFLAG(FLAG, VARIABLE): add FLAG to VARIABLE if the compiler takes it.
AC_DEFUN([SIGND_TRY_CFLAG], [
  signd_saved_cflags="$CFLAGS"
  CFLAGS="$CFLAGS -Werror $1"
  AC_MSG_CHECKING([whether $CC takes $1])
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[]], [[return 0;]])],
    [AC_MSG_RESULT([yes]); $2="$$2 $1"], [AC_MSG_RESULT([no])])
  CFLAGS="$signd_saved_cflags"
])

AC_DEFUN([SIGND_TRY_LDFLAG], [
  signd_saved_ldflags="$LDFLAGS"
  LDFLAGS="$LDFLAGS -Werror $1"
  AC_MSG_CHECKING([whether the linker takes $1])
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[]], [[return 0;]])],
    [AC_MSG_RESULT([yes]); $2="$$2 $1"], [AC_MSG_RESULT([no])])
  LDFLAGS="$signd_saved_ldflags"
])

AC_DEFUN([SIGND_WARNINGS], [
  WARN_CFLAGS="-std=c17 -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wwrite-strings"
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [warnings are errors])])
  AS_IF([test "x$enable_werror" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
  AC_SUBST([WARN_CFLAGS])
])

AC_DEFUN([SIGND_HARDENING], [
  AC_ARG_ENABLE([hardening], [AS_HELP_STRING([--disable-hardening], [no hardening flags])],
    [], [enable_hardening=yes])
  HARDEN_CFLAGS=
  HARDEN_LDFLAGS=
  HARDEN_PROGRAM_LDFLAGS=
  AS_IF([test "x$enable_hardening" = xyes], [
    SIGND_TRY_CFLAG([-fstack-protector-strong], [HARDEN_CFLAGS])
    SIGND_TRY_CFLAG([-fstack-clash-protection], [HARDEN_CFLAGS])
    SIGND_TRY_CFLAG([-fcf-protection=full], [HARDEN_CFLAGS])
    SIGND_TRY_CFLAG([-fno-strict-overflow], [HARDEN_CFLAGS])
    SIGND_TRY_LDFLAG([-Wl,-z,relro], [HARDEN_LDFLAGS])
    SIGND_TRY_LDFLAG([-Wl,-z,now], [HARDEN_LDFLAGS])
    SIGND_TRY_LDFLAG([-Wl,-z,noexecstack], [HARDEN_LDFLAGS])
    SIGND_TRY_LDFLAG([-Wl,--as-needed], [HARDEN_LDFLAGS])
    SIGND_TRY_CFLAG([-fPIE], [HARDEN_CFLAGS])
    SIGND_TRY_LDFLAG([-pie], [HARDEN_PROGRAM_LDFLAGS])
    # Fortify wants optimisation, and does not go with the sanitizers.
    AS_IF([test "x$enable_sanitize" = x -o "x$enable_sanitize" = xno],
      [case "$CFLAGS" in
         *-O0*) ;;
         *-O*) HARDEN_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3" ;;
       esac])
  ])
  AC_SUBST([HARDEN_CPPFLAGS])
  AC_SUBST([HARDEN_CFLAGS])
  AC_SUBST([HARDEN_LDFLAGS])
  AC_SUBST([HARDEN_PROGRAM_LDFLAGS])
])

AC_DEFUN([SIGND_SANITIZE], [
  AC_ARG_ENABLE([sanitize],
    [AS_HELP_STRING([--enable-sanitize=LIST], [sanitizers, as in address,undefined])],
    [], [enable_sanitize=no])
  SAN_CFLAGS=
  AS_IF([test "x$enable_sanitize" != xno], [
    AS_IF([test "x$enable_sanitize" = xyes], [enable_sanitize=address,undefined])
    SAN_CFLAGS="-fsanitize=$enable_sanitize -fno-sanitize-recover=all -fno-omit-frame-pointer"
    AC_DEFINE([SIGND_SANITIZED], [1], [Define when built with sanitizers.])
  ])
  AC_SUBST([SAN_CFLAGS])
  AM_CONDITIONAL([SANITIZED], [test "x$enable_sanitize" != xno])
])

AC_DEFUN([SIGND_COVERAGE], [
  AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [count which lines run])])
  AS_IF([test "x$enable_coverage" = xyes], [SAN_CFLAGS="$SAN_CFLAGS --coverage"])
])

AC_DEFUN([SIGND_FUZZ], [
  AC_ARG_ENABLE([fuzz], [AS_HELP_STRING([--enable-fuzz], [build libFuzzer targets (clang)])])
  FUZZ_CFLAGS=
  AS_IF([test "x$enable_fuzz" = xyes],
    [SAN_CFLAGS="$SAN_CFLAGS -fsanitize=fuzzer-no-link"; FUZZ_LDFLAGS="-fsanitize=fuzzer"])
  AC_SUBST([FUZZ_LDFLAGS])
  AM_CONDITIONAL([FUZZING], [test "x$enable_fuzz" = xyes])
])
