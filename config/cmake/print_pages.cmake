# Manual pages and completions as the built command prints them: -DCOMMAND=causeway -DTO=folder.

function(print_page file)
  get_filename_component(folder "${TO}/${file}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  execute_process(COMMAND ${COMMAND} ${ARGN} OUTPUT_FILE "${TO}/${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

print_page(man1/causeway.1 man)
print_page(man5/causeway.toml.5 config man)
print_page(bash-completion/completions/causeway completion bash)
print_page(zsh/vendor-completions/_causeway completion zsh)
print_page(fish/vendor_completions.d/causeway.fish completion fish)
