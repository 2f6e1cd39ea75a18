#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "messages/fault.hpp"
#include "messages/matrix/json.hpp"
#include "messages/remote_server.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace causeway::directory {

/// Keys of other servers for third ones: as they told them, countersigned by us. Open to anybody, so whoever does not
/// say who they are gets what is kept and no more: nobody is asked for their sake, and no actor made. For a server that
/// has proved itself what is missing is fetched, no more often than for ourselves. Source: server-server-api, "Querying
/// keys through another server".
class notary {
public:
  static constexpr timer_kind timer = timer_kind::notary;

  notary(const context& node, decision& out) : node_(node), out_(out) {}

  /// GET or POST /key/v2/query. @pre `m.match` is one of the two
  void ask(const federation_call& m);
  /// @returns false: it is no answer to a question of this
  bool answered(const store_answered& m);
  void answered(const keys_response& m);
  void on_timer();

private:
  struct requested {
    std::string server_name;
    std::int64_t valid_until_ts = 0;
    std::vector<std::string> key_ids;
  };
  struct question {
    federation_call call;
    time_ms since = 0;
    token reading = 0;    ///< the store is asked for what is kept
    std::size_t open = 0; ///< servers that have not answered
    std::vector<requested> wanted;
    matrix::json::array documents;
    std::size_t bytes = 0; ///< of them
  };
  /// @returns fault: what is wrong with the question
  result<std::vector<requested>> requested_by(const federation_call& m) const;
  void fetch(token number, question& q, requested w);
  void add(question& q, const matrix::json::object& document) const;
  void add(question& q, const std::vector<std::string>& kept, const std::vector<std::string>& key_ids) const;
  void answer(const question& q);

  const context& node_;
  decision& out_;
  std::map<std::uint64_t, question> open_;
  std::map<token, std::pair<std::uint64_t, std::vector<std::string>>> fetches_; ///< -> question, key ids
};

} // namespace causeway::directory
