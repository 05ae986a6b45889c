# The layers: cli → server → {handler, net} → http → core → parser. Each is an archive that links only what stands to its right.
#
# Handlers include nothing of the server, but they call the public API (src/weir.h), which it implements: so `handler` links `server`, and the
# server meets a handler only through pointers. `os` is linked by no layer: each program picks a kernel, `weir_os` or the simulated one.
set(WEIR_LAYERS parser core http net server handler cli)
set(parser_links llhttp)
set(core_links parser)
set(http_links core)
set(net_links http)
set(server_links net)
set(handler_links server)
set(cli_links handler)

# The sources of a layer, without the program's own.
function(weir_layer_sources layer result)
    set(folder src/${layer})
    if(layer STREQUAL parser)
        set(folder parser)
    endif()
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.c")
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    set(${result} ${sources} PARENT_SCOPE)
endfunction()

# Defines `weir_<layer><variant>` for each layer, and `weir_os<variant>`. Further arguments are linked to all of them.
function(weir_layers variant)
    llhttp_library(weir_llhttp${variant} ${ARGN})
    foreach(layer IN LISTS WEIR_LAYERS)
        weir_layer_sources(${layer} sources)
        set(target weir_${layer}${variant})
        list(TRANSFORM ${layer}_links REPLACE "(.+)" "weir_\\1${variant}" OUTPUT_VARIABLE links)
        if(sources)
            add_library(${target} STATIC ${sources})
            target_link_libraries(${target} PUBLIC weir_flags ${ARGN} ${links})
        else()
            add_library(${target} INTERFACE)    # headers alone
            target_link_libraries(${target} INTERFACE weir_flags ${ARGN} ${links})
        endif()
    endforeach()

    # Loose objects: they serve every layer, wherever they stand in the command line of the linker.
    weir_layer_sources(os sources)
    if(sources)
        add_library(weir_os${variant} OBJECT ${sources})
        target_link_libraries(weir_os${variant} PUBLIC weir_flags ${ARGN})
    endif()
endfunction()
