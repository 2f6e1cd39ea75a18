#pragma once
#include "messages/matrix/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Body of PUT /send. Source: server-server-api, "Transactions".
namespace causeway::matrix {

struct edu {
  std::string edu_type;
  json::object content;

  static void fields(auto& f, auto& x) {
    f.required("edu_type", x.edu_type);
    f.required("content", x.content);
  }
};

struct transaction_body {
  std::string origin;
  std::int64_t origin_server_ts = 0;
  std::vector<json::object> pdus;
  std::vector<edu> edus; ///< malformed ones are left out
  /// PDUs that were left out because they cannot be read (json_lists.hpp) or are no objects: they have no event id to
  /// answer by. They count.
  std::size_t unreadable_pdus = 0;
};

/// Checks counts (50 PDUs, 100 EDUs) and shape.
/// @returns faults not_json, bad_json, too_large (mapped to HTTP 400 as servers do)
result<transaction_body> parse_transaction(std::string_view text);
/// The same for a body that was parsed as a whole.
result<transaction_body> transaction_of(json::value body);

/// Text of a transaction from PDUs already in wire format and EDUs as JSON texts `{"content":..,"edu_type":..}`. When
/// those are canonical, so is the result: it can be signed as it is (`sign_request_of_text`).
std::string write_transaction(std::string_view origin, std::int64_t origin_server_ts,
                              const std::vector<std::string_view>& pdus, const std::vector<std::string_view>& edus);

} // namespace causeway::matrix
