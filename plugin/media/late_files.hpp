#pragma once
#include "actors/effects.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace causeway::media {

/// Files of other servers that the chat server has asked for and that could not be had: their server is away, or its
/// user has not uploaded them yet. Each is tried again by itself, so that the chat server hears when it is here. A file
/// that nobody has asked for again for a day is forgotten, and all of them are with the process: whoever shows the
/// message asks anew. Pure.
class late_files {
public:
  static constexpr std::size_t files_max = 1'000; ///< the one that waits longest makes room
  static constexpr time_ms pause_ms_min = 5'000;
  static constexpr time_ms pause_ms_max = 600'000; ///< reached by doubling
  static constexpr time_ms kept_ms = 86'400'000;
  using name = std::pair<std::string, std::string>; ///< server, media id

  /// It could not be had. @param is_asked_for  by the chat server, not by ourselves
  void failed(const name& file, bool is_asked_for, time_ms now);
  /// It is here, or never will be. @returns whether it was waited for
  bool ended(const name& file) { return files_.erase(file) != 0; }
  /// One that is to be tried now; it is tried again only after `failed`.
  std::optional<name> next(time_ms now);
  std::size_t size() const { return files_.size(); }

private:
  struct late_file {
    time_ms asked_for_at = 0, next_at = 0, pause_ms = pause_ms_min;
    bool is_tried = false;
  };
  std::map<name, late_file> files_;
};

} // namespace causeway::media
