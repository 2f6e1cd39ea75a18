#pragma once
#include "messages/fault.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace causeway::gateway {

using time_point = std::chrono::steady_clock::time_point;

/// The body may be this large, bytes; a larger one counts as absent.
inline constexpr std::size_t well_known_bytes_max = 50 * 1024;
inline constexpr int well_known_redirects_max = 5;
/// One whole fetch, redirects included.
inline constexpr std::chrono::milliseconds well_known_timeout{10'000};

/// `m.server` of a well-known body, whatever its content type said.
/// @returns faults of the JSON parser, bad_json when `m.server` is absent or no server name
/// Spec: server-server-api, GET /.well-known/matrix/server.
result<std::string> parse_well_known(std::string_view body);

/// How long an answer may be used. Cache-Control comes before Expires; 24 h without either; at least 5 min, at most 48
/// h.
/// @param expires   value of the Expires header, or empty
/// @param unix_now  seconds since 1970, to compare `expires` with
std::chrono::seconds well_known_lifetime(std::string_view cache_control, const std::string& expires,
                                         std::int64_t unix_now);

/// What is known of well-known files, by server name. Not safe for threads.
class well_known_cache {
public:
  /// Server names come from strangers, so the cache is bounded; at the bound it forgets what is out of use, else any.
  /// @param random  shortens each lifetime by up to a tenth, by name: answers that came together do not end together
  explicit well_known_cache(std::size_t entries_max = 20'000, std::uint64_t random = 0)
      : entries_max_(entries_max), random_(random) {}

  struct hit {
    std::optional<std::string> delegated; ///< nothing: the file is known to be absent
    bool refresh = false;                 ///< true once, past 80 % of the lifetime: fetch again beside using this
  };
  /// Nothing: not known, fetch it.
  std::optional<hit> find(const std::string& name, time_point now);

  /// `lifetime` is as the server allows; it is used for nine tenths of it at least, and for 5 minutes.
  void found(const std::string& name, std::string delegated, std::chrono::seconds lifetime, time_point now);
  /// A fetch failed. While an older answer lives, it goes on being used; else failures are kept 2 min, doubling to 1 h,
  /// or 2 min flat where a valid file ran out within the last 2 h (the server is likelier down than without one).
  void failed(const std::string& name, time_point now);

  /// What it says led to nobody: it is fetched before it is used again, unless that was done within the last 10 s.
  /// Should the fetch fail, the older answer is used once more.
  void doubt(const std::string& name, time_point now);

  std::size_t size() const { return entries_.size(); }

private:
  struct entry {
    std::optional<std::string> delegated;
    time_point used_until{}; ///< end of the answer, or of the remembered failure
    time_point refresh_at{};
    time_point valid_remembered_until{};
    time_point asked_at{};   ///< end of the last fetch
    bool is_doubted = false; ///< to be fetched first
    int failures = 0;
  };
  entry& slot(const std::string& name, time_point now);

  std::size_t entries_max_;
  std::uint64_t random_;
  std::unordered_map<std::string, entry> entries_;
};

} // namespace causeway::gateway
