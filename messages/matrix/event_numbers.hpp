#pragma once
#include "messages/matrix/json.hpp"

/// Numbers of events as servers that read and write them have them.
namespace causeway::matrix {

/// Puts every number that is no integer within +-(2^53-1) into the form in which it is hashed and signed: `-0` is 0
/// and, where numbers are lenient (versions 1 to 5), a float has the shortest digits that read back as the same double,
/// as Python writes it (`1.50` is `1.5`, `1e10` is `10000000000.0`). What was told otherwise would have another hash
/// for us than for them.
/// @returns fault not_canonical: a float beyond a double. Where numbers are strict floats stay, for others to refuse.
status normalize_numbers(json::object& pdu, json::number_policy numbers);

} // namespace causeway::matrix
