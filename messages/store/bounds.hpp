#pragma once
#include <cstddef>

// Every answer is bounded: by the one thing that is looked for, or by what stands beside the query. The engine lowers a
// larger `limit` to `rows_max`.
namespace causeway::store {

/// Rows one answer holds at most, of those that have a `limit`.
inline constexpr std::size_t rows_max = 100'000;

} // namespace causeway::store
