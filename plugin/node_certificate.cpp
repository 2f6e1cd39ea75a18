#include "plugin/node_certificate.hpp"

#include "plugin/gateway/certificate_check.hpp"

#include <utility>

namespace causeway {

void log_certificate_problems(const config::options& options, node_log& log, time_ms now) {
  if (options.gateway.plain_http) return;
  const auto host = gateway::certified_host(options.node.server_name, options.gateway.well_known_server);
  for (const auto& x : gateway::certificate_problems(options.gateway.certificate_file, options.gateway.private_key_file,
                                                     host, now / 1'000))
    log.write(note{log_level::error, "N712 certificate will be refused by other servers", {{"why", x.what}}},
              {actor_kind::gateway, ""});
}

std::vector<admin::certificate_row> certificate_rows(const config::options& options, time_ms now) {
  const auto& o = options.gateway;
  if (o.plain_http) return {};
  admin::certificate_row row;
  row.file = o.certificate_file;
  row.not_after_ts = gateway::certificate_expiry_ts(o.certificate_file);
  const auto host = gateway::certified_host(options.node.server_name, o.well_known_server);
  for (const auto& x : gateway::certificate_problems(o.certificate_file, o.private_key_file, host, now / 1'000))
    row.problem += (row.problem.empty() ? "" : " ") + x.what;
  return {std::move(row)};
}

} // namespace causeway
