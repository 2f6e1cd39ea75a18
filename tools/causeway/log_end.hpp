#pragma once
#include <string>

namespace causeway::tools {

/// The end of the broker's log, whole lines.
struct log_end {
  std::string text;
  std::string problem; ///< why there is none
};

/// @param file  `log.file`; empty: the broker writes to its standard output, which the journal of systemd keeps where
///              that runs it. At most 512 KiB; a journal that does not answer is waited for ten seconds.
log_end find_end_of_log(const std::string& file);

} // namespace causeway::tools
