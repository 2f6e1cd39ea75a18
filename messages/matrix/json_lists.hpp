#pragma once
#include "messages/matrix/json.hpp"

/// Documents that list events: a transaction, the answers to state, event_auth, get_missing_events, backfill,
/// send_join. An event is another server's word in the mouth of the one that tells it, so each item is read on its own,
/// and one that cannot be read takes nothing else with it.
namespace causeway::matrix::json {

/// Nesting of one item, counted from the item itself. Bounds the recursion, not what an event may be (`take_event` does
/// that): a PDU that can be read can be named in an answer.
inline constexpr std::size_t item_depth_max = 512;

/// What the bound of `limits::json_values_max` counts.
enum class values_bound : std::uint8_t {
  of_each_item,    ///< items are let go of one by one; one with too many values is unreadable
  of_the_document, ///< items are kept; the document with too many values is refused
};

/// Takes one item of a list, or why it cannot be read; false ends the reading.
using list_reader = std::function<bool(std::string_view list, result<value>&& item)>;
/// Parses one JSON object without holding it whole: the items of the array members named in `lists` go to `take`, the
/// member is an empty array in what is returned. An item that nests too deeply, repeats a key, or is no JSON, is passed
/// by its brackets and quotes, without recursion. Each byte of it is read twice at most.
/// @returns faults as `parse` for all that is not inside of an item; bad_json when the text is no object; too_large
/// when `take` ended it
result<object> parse_lists(std::string_view text, std::initializer_list<std::string_view> lists,
                           const list_reader& take, values_bound values,
                           number_policy numbers = number_policy::lenient);

/// The same as one document, whose `lists` hold the items that could be read. Bounded as a whole, as `parse` is.
result<value> parse_readable(std::string_view text, std::initializer_list<std::string_view> lists,
                             number_policy numbers = number_policy::lenient);

/// `parse` for a document whose items may nest to `item_depth_max`: what is signed as a whole has to be written
/// canonically as a whole.
result<value> parse_deep(std::string_view text, number_policy numbers = number_policy::lenient);

} // namespace causeway::matrix::json
