# How everything of weir's own is compiled. `weir_flags` carries it; `weir_checks` adds what only tests and fuzzers want.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)    # the same objects serve the program and the shared library
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE}")
endif()

include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

# What holds for llhttp's sources too: how code is instrumented and hardened.
add_library(weir_instruments INTERFACE)
target_link_options(weir_instruments INTERFACE -Wl,-z,relro,-z,now)
if(WEIR_SANITIZE)
    target_compile_options(weir_instruments INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(weir_instruments INTERFACE -fsanitize=${WEIR_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(weir_instruments INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
endif()

# What is shipped is optimised as a whole. Fat objects: whoever links without the plugin (ld -r, a user of libweir.a) finds machine code in them.
add_library(weir_lto INTERFACE)
if(CMAKE_BUILD_TYPE STREQUAL Release AND CMAKE_C_COMPILER_ID STREQUAL GNU AND NOT WEIR_SANITIZE)
    target_compile_options(weir_lto INTERFACE -flto=auto -ffat-lto-objects)
    target_link_options(weir_lto INTERFACE -flto=auto -O2)
endif()

add_library(weir_flags INTERFACE)
target_compile_definitions(weir_flags INTERFACE _GNU_SOURCE=)    # empty, as a source that defines it itself does
target_include_directories(weir_flags INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src")
target_compile_options(weir_flags INTERFACE -std=gnu17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    $<$<BOOL:${WEIR_WERROR}>:-Werror>)
target_link_libraries(weir_flags INTERFACE weir_instruments Threads::Threads)
if(WEIR_COVERAGE)
    target_compile_options(weir_flags INTERFACE --coverage -O0 -fprofile-update=atomic)
    target_link_options(weir_instruments INTERFACE --coverage)
endif()

# WEIR_DEBUG: assertions, tracing with WEIR_TRACE=1, and what "cannot happen" aborts.
add_library(weir_checks INTERFACE)
target_compile_definitions(weir_checks INTERFACE WEIR_DEBUG)
if(CMAKE_BUILD_TYPE STREQUAL Debug)
    target_link_libraries(weir_flags INTERFACE weir_checks)
endif()
