#pragma once
#include <cstddef>
#include <string>
#include <string_view>

/// HTML of messages. Source: client-server-api, "m.room.message msgtypes", the list of what a client should show.
namespace causeway::html {

/// Elements within each other that are kept; of those further in their text alone is.
inline constexpr std::size_t depth_max = 100;

/// What may be shown of HTML that somebody has written: the elements and attributes that the specification lists, in
/// lower case, each closed, links with a scheme that it lists (and `matrix:`), pictures of `mxc:` only. Of all other
/// elements the text stays, of scripts, styles, forms and quotations of the message that is answered (`mx-reply`)
/// nothing. What is text in it is text in a browser: applied to its own result it changes nothing.
/// Cost: linear; the result has at most six times as many bytes.
std::string sanitized(std::string_view text);

} // namespace causeway::html
