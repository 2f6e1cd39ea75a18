#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

/// Errors that come from outside are values: a `fault` from the registry below, never an exception.
namespace causeway {

/// Stable numbers: they are printed, logged and part of the chat contract. Never renumber; only add.
/// Hundreds group by origin: 1xx input, 2xx permission, 3xx room state, 4xx remote server, 5xx store and node, 6xx chat
/// edge.
enum class fault_code : std::uint16_t {
  none = 0,
  // 1xx: the input is not what it should be
  not_json = 100,
  bad_json = 101,
  missing_param = 102,
  invalid_param = 103,
  invalid_identifier = 104,
  too_large = 105,
  bad_signature = 106,
  bad_hash = 107,
  unrecognized = 108,
  method_not_allowed = 109,
  not_canonical = 110,
  unsupported_media = 111,
  // 2xx: not allowed
  unauthorized = 200,
  forbidden = 201,
  server_denied = 202,
  invite_blocked = 203,
  unable_to_authorise_join = 204,
  unable_to_grant_join = 205,
  limit_exceeded = 206,
  federation_disabled = 207,
  missing_token = 208,
  unknown_token = 209,
  policy_denied = 210,
  may_not_federate = 211,
  user_deactivated = 212,
  // 3xx: the room or object is not in the state that was assumed
  not_found = 300,
  incompatible_room_version = 301,
  unsupported_room_version = 302,
  already_exists = 303,
  not_member = 304,
  conflict = 305,
  not_federated = 306,
  not_yet_uploaded = 307,
  // 4xx: another homeserver
  peer_unreachable = 400,
  peer_timeout = 401,
  peer_refused = 402,
  peer_bad_answer = 403,
  peer_blocked_address = 404,
  peer_unresolvable = 405,
  peer_tls = 406,
  // 5xx: ourselves
  internal = 500,
  store_failed = 501,
  overloaded = 502,
  stopping = 503,
  parked = 504,
  timed_out = 505,
  clock_wrong = 506,
  address_in_use = 507,
  store_damaged = 508,
  stale_owner = 509,
  // 6xx: the chat edge
  bad_frame = 600,
  unsupported_version = 601,
  unknown_verb = 602,
  unknown_command = 603,
  bad_body = 604,
  hello_required = 605,
  credit_exceeded = 606,
  role_denied = 607,
  cursor_out_of_range = 608,
};

/// One row of the registry.
struct fault_info {
  fault_code code = fault_code::none;
  std::string_view name;       ///< stable word, snake_case; `code` of a RESULT on the chat edge
  std::string_view errcode;    ///< Matrix errcode for a federation answer
  int http_status = 500;       ///< HTTP status of that answer
  bool retryable = false;      ///< true: the same input may succeed later
  std::string_view what_to_do; ///< one sentence for the operator or the chat developer
};

/// The row of `code`; the row of `internal` for a number that is not in the registry.
const fault_info& info(fault_code code);
/// The row whose name is `name`, or null.
const fault_info* find_fault(std::string_view name);

/// An error with its detail: which field, which rule, which bound. Never holds a secret.
struct fault {
  fault_code code = fault_code::none;
  std::string detail;
  bool operator==(const fault&) const = default;

  static void fields(auto& f, auto& x) {
    f.required("code", x.code);
    f.optional("detail", x.detail);
  }
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, fault& x) {
  return f(x.code, x.detail);
}

/// "name: detail", for logs, tests, and what people are told of the last failure.
std::string to_string(const fault& x);
/// The row of the fault in a text of `to_string`, cut behind its name or not; null: there is none in it.
const fault_info* find_fault_in(std::string_view text);

/// A value or the fault that prevented it.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  result(fault why) : content_(std::in_place_index<1>, std::move(why)) {}
  result(fault_code code, std::string detail) : content_(std::in_place_index<1>, fault{code, std::move(detail)}) {}

  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() & { return std::get<0>(content_); }
  const T& operator*() const& { return std::get<0>(content_); }
  T&& operator*() && { return std::get<0>(std::move(content_)); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  /// @pre `!*this`
  const causeway::fault& error() const { return std::get<1>(content_); }

private:
  std::variant<T, causeway::fault> content_;
};

/// Success without a value, or the fault.
using status = result<std::monostate>;
inline status ok() { return std::monostate{}; }

} // namespace causeway
