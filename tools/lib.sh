# What tools/run and tools/check share: Debian packages. Sourced by both, from the top of the repository.

# The compiler, and what builds. python3, git and the like are not needed to build.
BUILD_PACKAGES="gcc libc6-dev cmake ninja-build"

# What tools/check --quick needs beside it, and what all of tools/check needs.
QUICK_PACKAGES="ccache check clang-format python3 python3-h11 curl pkg-config"
FULL_PACKAGES="clang libclang-rt-dev llvm clang-tidy cppcheck valgrind gcovr strace chromium"

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        fail "needs root to install packages, and there is no sudo; as root: apt-get install $missing"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq --no-install-recommends -y \
        install "$@" < /dev/null
}

# install_missing PACKAGE...: installs those that are not there yet, and says which. Asks for fresh lists only where the ones at hand do
# not do.
install_missing() {
    command -v apt-get > /dev/null && command -v dpkg-query > /dev/null || return 0    # not Debian: CMake says what it misses
    local installed log
    installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2> /dev/null | sed -n 's/^.i //p')
    missing=$(printf '%s\n' "$@" | grep -vxF "${installed:-none}" | paste -sd ' ')
    [ -n "$missing" ] || return 0
    say "installing Debian packages: $missing"
    log=$(mktemp)
    # shellcheck disable=SC2086
    if ! { compgen -G '/var/lib/apt/lists/*_Packages*' > /dev/null && apt_install $missing; } > "$log" 2>&1; then
        if ! as_root apt-get -qq update > "$log" 2>&1 < /dev/null || ! apt_install $missing >> "$log" 2>&1; then
            cat "$log" >&2
            rm -f "$log"
            fail "could not install: $missing"
        fi
    fi
    rm -f "$log"
}
