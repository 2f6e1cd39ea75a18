#include "plugin/store/new_servers.hpp"

#include <algorithm>
#include <string_view>
#include <variant>
#include <vector>

namespace causeway::store::sql {
namespace {

/// The server whose number a row has, where the write makes one; empty: none.
struct server_named {
  std::string_view operator()(const queue_pdu& x) const { return x.server_name; }
  std::string_view operator()(const put_destination& x) const { return x.server_name; }
  std::string_view operator()(const put_refused_pdu& x) const { return x.server_name; }
  std::string_view operator()(const put_server_keys& x) const { return x.server_name; }
  std::string_view operator()(const put_received_transaction& x) const { return x.origin; }
  std::string_view operator()(const put_receipt_debt& x) const {
    return x.since >= 0 ? std::string_view{x.server_name} : std::string_view{};
  }
  template <class Other>
  std::string_view operator()(const Other&) const {
    return {};
  }
};

} // namespace

void number_new_servers(names& known, std::span<const store_batch> batches) {
  std::vector<std::string_view> fresh;
  for (const auto& batch : batches)
    for (const auto& row : batch.writes)
      if (const auto name = std::visit(server_named{}, static_cast<const write_content&>(row));
          !name.empty() && !known.remembers_server(name))
        fresh.push_back(name);
  std::ranges::sort(fresh);
  fresh.erase(std::unique(fresh.begin(), fresh.end()), fresh.end());
  for (const auto name : fresh) known.server(name);
}

} // namespace causeway::store::sql
