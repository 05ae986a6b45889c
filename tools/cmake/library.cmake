# libweir: every layer that weir.h needs, which leaves out its users, the handlers and the command line. Its names are its own: outside the
# library only weir_* can be seen, in the static one too, so that an application may have a `buffer_append` of its own.
set(objects "")
foreach(layer IN LISTS WEIR_LAYERS ITEMS os)
    weir_layer_sources(${layer} sources)
    if(sources AND NOT layer MATCHES "^(handler|cli)$")
        list(APPEND objects $<TARGET_OBJECTS:weir_${layer}>)
    endif()
endforeach()
if(NOT LLHTTP_SYSTEM)
    list(APPEND objects $<TARGET_OBJECTS:weir_llhttp>)
endif()

set(map "${PROJECT_SOURCE_DIR}/tools/cmake/libweir.map")
add_library(weir_shared SHARED ${objects})
set_target_properties(weir_shared PROPERTIES OUTPUT_NAME weir EXPORT_NAME weir LINKER_LANGUAGE C LINK_DEPENDS "${map}"
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_link_libraries(weir_shared PRIVATE weir_instruments weir_lto ${LLHTTP_SYSTEM} Threads::Threads)
target_link_options(weir_shared PRIVATE "-Wl,--version-script=${map}")
if(NOT WEIR_SANITIZE)    # whose runtime comes with the program
    target_link_options(weir_shared PRIVATE -Wl,--no-undefined)
endif()

set(merged "${PROJECT_BINARY_DIR}/libweir.o")
# It is made of the same objects as the shared one, and as old: make knows no rule for an object of another target.
add_custom_command(OUTPUT "${merged}"
    COMMAND ${CMAKE_LINKER} -r -o "${merged}" ${objects}
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=weir_* --remove-section=.gnu.lto_* "${merged}"
    DEPENDS weir_shared COMMAND_EXPAND_LISTS VERBATIM COMMENT "Merging libweir.a")
add_library(weir_static STATIC "${merged}")
set_target_properties(weir_static PROPERTIES OUTPUT_NAME weir LINKER_LANGUAGE C)
target_link_libraries(weir_static INTERFACE ${LLHTTP_SYSTEM} Threads::Threads)

foreach(library weir_shared weir_static)
    target_include_directories(${library} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

# ---- what `cmake --install` puts in place
include(CMakePackageConfigHelpers)
set(package "${CMAKE_INSTALL_LIBDIR}/cmake/weir")
install(TARGETS weir_shared weir_static EXPORT weir)
install(FILES "${PROJECT_SOURCE_DIR}/src/weir.h" TYPE INCLUDE)
install(EXPORT weir NAMESPACE weir:: DESTINATION "${package}" FILE weirTargets.cmake)

set(WEIR_REQUIRES_PRIVATE "")
set(WEIR_FIND_LLHTTP "")
if(TARGET PkgConfig::LLHTTP AND LLHTTP_SYSTEM STREQUAL "PkgConfig::LLHTTP")
    set(WEIR_REQUIRES_PRIVATE libllhttp)
    set(WEIR_FIND_LLHTTP "find_dependency(PkgConfig)\npkg_check_modules(LLHTTP REQUIRED QUIET IMPORTED_TARGET libllhttp)")
elseif(LLHTTP_SYSTEM)
    set(WEIR_REQUIRES_PRIVATE libllhttp)
    set(WEIR_FIND_LLHTTP "find_dependency(llhttp)")
endif()
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/weirConfig.cmake.in" weirConfig.cmake INSTALL_DESTINATION "${package}")
write_basic_package_version_file(weirConfigVersion.cmake COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH WEIR_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")    # an installed tree may be moved
configure_file("${CMAKE_CURRENT_LIST_DIR}/weir.pc.in" weir.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/weirConfig.cmake" "${PROJECT_BINARY_DIR}/weirConfigVersion.cmake" DESTINATION "${package}")
install(FILES "${PROJECT_BINARY_DIR}/weir.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
