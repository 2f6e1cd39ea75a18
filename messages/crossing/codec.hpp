#pragma once
#include "messages/fault.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

/// Messages of actors on their way from one node of a homeserver to another: msgpack, every field by its name. A struct
/// that crosses lists its fields below its members, as those of the chat contract do (`static void fields(auto& f,
/// auto& x)`, `required` or `optional`); one that does not stays in its process. Nodes of two versions speak to each
/// other while an upgrade runs: a key nobody knows is ignored, an optional field that is absent leaves the member as it
/// is made, and what is added to a message that is there already is optional.
namespace causeway::crossing {

/// Whether messages of a type may cross. The others are between an actor and its own shell, supervisor, verifier,
/// session or gateway, or between a room and its invitations, which are on one node.
template <class T>
inline constexpr bool can_cross = requires(int& f, T& x) { T::fields(f, x); };

/// Types of messages, and how many of them cross.
inline constexpr std::size_t message_types = std::variant_size_v<message_content>;

/// Name of the message's type, e.g. "pdu_queued"; empty where it does not cross.
std::string_view name(const message& x);

/// The whole message with its trace. Of an event the redaction that emptied it goes along, and not that one's own.
/// @pre it crosses, and none of its pointers is null that is required
std::string encode(const message& x);

/// Another node is trusted, but bytes may be damaged: all is checked before anything is allocated that is larger than
/// the bytes are.
/// @returns fault bad_body, which names the key; too_large, over `limits::crossing_bytes_max`
result<message> decode(std::string_view bytes);

} // namespace causeway::crossing
