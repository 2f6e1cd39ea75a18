#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What is let in, and what a request says: pure functions. What comes here was written by whoever reaches the port, or
/// by a page that has made a browser write it.
namespace causeway::inspector {

/// The parts of a request's target, decoded.
struct target_parts {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};
/// Nothing: not a path, a wrong escape, a zero byte, or more than `query_pairs_max`.
std::optional<target_parts> read_target(std::string_view target);
inline constexpr std::size_t query_pairs_max = 32;

/// Whether a request for this Host may be answered: a literal address, localhost, or one of `names`; any port. A page
/// of somebody else's name that resolves to this machine (DNS rebinding) is told nothing.
bool is_own_host(std::string_view host, const std::vector<std::string>& names);

/// The value of one cookie; empty: there is none.
std::string_view cookie(std::string_view header, std::string_view name);
/// The token of `Authorization: Bearer TOKEN`; empty: there is none.
std::string_view bearer_token(std::string_view header);

/// Who shows the token, or the cookie that `/login` gave for it. Compares in constant time. Not thread-safe.
class access_token {
public:
  static constexpr std::string_view cookie_name = "causeway_token";

  /// @param token  empty: there is none, and nobody has it
  explicit access_token(std::string_view token);
  bool exists() const { return exists_; }
  bool is_token(std::string_view shown) const;
  /// What a browser keeps in place of the token; another one after each start.
  const std::string& cookie_value() const { return cookie_value_; }
  bool is_cookie(std::string_view shown) const;

  /// Wrong tokens shown in one second before further ones are not looked at.
  static constexpr int wrong_per_second_max = 5;
  /// Whether a token may be shown now. @param wrong  one was, and it was not ours
  bool may_try(long long now_s);
  void was_wrong() { ++wrong_; }

private:
  std::string digest(std::string_view text) const;

  bool exists_ = false;
  std::string secret_; ///< of this start
  std::string digest_; ///< of the token
  std::string cookie_value_;
  long long second_ = 0;
  int wrong_ = 0;
};

} // namespace causeway::inspector
