#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Grammar of Matrix identifiers. Source: appendices, "Identifier Grammar". All lengths in bytes.
namespace causeway::matrix {

/// `hostname[:port]`, `1.2.3.4[:port]` or `[ipv6][:port]`, at most 230 bytes as the appendices' grammar allows.
bool is_server_name(std::string_view text);
/// Parts of a valid server name; `host` keeps the brackets of IPv6.
struct server_name_parts {
  std::string_view host;
  std::optional<std::uint16_t> port;
  bool is_ip_literal = false;
};
std::optional<server_name_parts> split_server_name(std::string_view text);

/// Everything after the first ':'; empty when there is none. Valid for user ids, aliases and room ids up to version 11.
std::string_view server_name_of(std::string_view identifier);
/// Whether a server may have signed in the name of `id`: what stands behind the first ':' is a server name, of any
/// length. That is all that servers ask of senders in events, whatever comes before it; but a NUL they cannot keep.
bool tells_a_server(std::string_view id);
/// The part between the sigil and the first ':'.
std::string_view localpart_of(std::string_view identifier);

/// `@localpart:server`, at most 255 bytes. `strict`: what a server gives its users today. `printable`: whom another
/// server may have registered at any time, but no slip of the pen: a localpart of one code point at least, each of
/// which can be seen. `historical`: any localpart that may occur in events, the empty one and control characters among
/// them.
enum class user_id_grammar : std::uint8_t { strict, printable, historical };
bool is_user_id(std::string_view text, user_id_grammar grammar = user_id_grammar::historical);
/// Why `text` is no user id of that grammar, as a sentence for a person; nothing when it is one.
std::optional<std::string> user_id_problem(std::string_view text, user_id_grammar grammar = user_id_grammar::strict);
/// Sigil, then anything but NUL, then `:server` (which may be absent where `server_required` is false), of any length:
/// what events of old rooms may hold, whose versions do not bound identifiers in bytes.
bool has_identifier_shape(std::string_view text, char sigil, bool server_required);
/// `!opaque[:server]`, `$opaque[:server]`, `#alias:server`, at most 255 bytes.
bool is_room_id(std::string_view text);
bool is_event_id(std::string_view text);
bool is_room_alias(std::string_view text);
/// `ed25519:[a-zA-Z0-9_]+`: what a key of our own may be called.
bool is_signing_key_id(std::string_view text);
/// `ed25519:` and anything, at most 255 bytes: what servers call theirs, and others take.
bool is_verify_key_id(std::string_view text);
/// A further field of a profile, such as `m.tz`: `[a-z][a-z0-9_.-]{0,254}`, and no name of an own one. Source:
/// appendices, "Common Namespaced Identifier Grammar".
bool is_profile_field(std::string_view text);
/// `[a-z0-9.-]{1,32}`
bool is_room_version_grammar(std::string_view text);

/// Maps a chat server's user name to a localpart (appendices, "Mapping from other character sets"): lower case, other
/// bytes as `=xx`. @returns the localpart; the mapping is injective but for the case of ASCII letters.
std::string localpart_from_name(std::string_view name);
/// The same, keeping the case apart: an upper case letter becomes `_` and its lower case form, `_` becomes `__`.
std::string localpart_from_name_preserving_case(std::string_view name);

} // namespace causeway::matrix
