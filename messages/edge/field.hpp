#pragma once
#include "messages/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

/// What a struct of a contract says of each of its fields, once: reading, writing, the tables of CONTRACT.md and
/// asyncapi.yaml all walk the same list. A struct has it as `static void fields(auto& f, auto& x)`, below its members:
///
///     f.id("room", x.room, "Your id of the room.");
///     f.optional("reason", x.reason, "Shown to the user.", {.bytes_max = short_text_bytes_max});
///
/// | call | on reading |
/// |---|---|
/// | `required`, `optional` | any type; an optional one that is absent or nil leaves the member as it is |
/// | `id`, `optional_id`, `ids` | a name of 1 to 255 bytes; a list of them, which may be absent |
/// | `user`, `optional_user`, `users` | the same of users: what is wrong with one is `invalid_identifier` |
/// | `blob`, `optional_blob` | bytes that are no text: msgpack `bin` |
///
/// A rule over several fields is a member `std::optional<broken_rule> broken() const`, asked when all fields are read.
namespace causeway::edge {

/// What a text has to be besides short enough. Checked behind all fields, and before rules over several fields.
enum class form : std::uint8_t {
  any,
  mxc,            ///< `mxc://server/media_id`
  media_type,     ///< `type/subtype`
  visible,        ///< shows something: not only blanks and invisible characters
  server_pattern, ///< a server name, or `*.` before a domain
};

/// What a field of a notification or answer names: a column of the table of names in CONTRACT.md.
enum class names : std::uint8_t { nothing, room, user, message };

/// Words of an enumeration on the wire. Specialise with `static constexpr const char* names[]`, in order of its values.
template <class Enum>
struct wire_names;

inline constexpr std::size_t bytes_unbounded = std::numeric_limits<std::size_t>::max();
inline constexpr std::uint64_t number_unbounded = std::numeric_limits<std::uint64_t>::max();

/// What is said of a field beyond key, type and sentence.
struct field {
  std::size_t bytes_max = bytes_unbounded;   ///< of a text, of each in a list or map
  std::size_t entries_max = bytes_unbounded; ///< of `ids` and `users`; elsewhere told, and checked by a rule if at all
  form has = form::any;
  std::uint64_t least = 0;                 ///< of a number; checked like `has`
  std::uint64_t most = number_unbounded;   ///< of a number; checked like `has`
  std::span<const char* const> words = {}; ///< what a text of the broker may be; told, not checked
  names of = names::nothing;               ///< told
};

/// A rule over several fields that a map breaks: the fault's detail is `key`, a blank, `what`.
struct broken_rule {
  const char* key = "";
  std::string what;
  fault_code code = fault_code::bad_body;
};

} // namespace causeway::edge
