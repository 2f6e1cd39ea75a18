#include "plugin/gateway/probe.hpp"

#include "plugin/gateway/peer_directory.hpp"
#include "plugin/gateway/probe_connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <variant>

namespace causeway::gateway {
namespace {

using steady = std::chrono::steady_clock;

std::int64_t ms_since(steady::time_point begun) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begun).count();
}

/// One look at one server. Its callbacks run on the thread that has called `run`.
class prober {
public:
  prober(const config::gateway_options& options, std::string server_name, std::int64_t now_ms,
         const probe_tuning& tuning)
      : options_(options), tuning_(tuning), machine_(server_name, static_cast<std::uint64_t>(now_ms)) {
    out_.server_name = std::move(server_name);
    out_.started_ts = now_ms;
  }

  probe::report run() {
    if (auto ready = prepare(); !ready) {
      out_.why = ready.error();
      return std::move(out_);
    }
    boost::asio::post(io_, [this] { advance(machine_.start()); });
    constexpr std::chrono::milliseconds slice{200};
    const auto deadline = begun_ + tuning_.patience;
    while (!io_.stopped() && steady::now() < deadline && !(tuning_.is_ended && *tuning_.is_ended))
      io_.run_until(std::min(deadline, steady::now() + slice));
    io_.stop();
    for (auto& x : connections_) {
      auto& told = out_.connections.emplace_back(x->report());
      if (!has_ended_ && told.problem.empty() && told.keys_status == 0) told.problem = "it did not answer in time";
    }
    out_.elapsed_ms = ms_since(begun_);
    if (!has_ended_ && out_.why.code == fault_code::none && connections_.empty())
      out_.why = {fault_code::peer_timeout,
                  "server discovery took longer than " + std::to_string(tuning_.patience.count()) + " ms"};
    return std::move(out_);
  }

private:
  status prepare() {
    auto policy = address_policy::make(options_.allowed_networks);
    if (!policy) return policy.error();
    policy_ = *policy;
    auto trust = load_trust(options_.ca_file);
    if (!trust) return trust.error();
    trust_ = *trust;
    auto names = resolver::make(io_, options_.dns_server);
    if (!names) return names.error();
    names_ = *std::move(names);
    http_client_options limits;
    limits.connect_timeout = std::chrono::milliseconds{options_.connect_timeout_ms};
    client_ = std::make_unique<http_client>(io_, limits, policy_, trust_);
    return ok();
  }

  void note(std::string name, std::string what, steady::time_point begun, bool succeeded, std::string detail) {
    out_.phases.push_back({std::move(name), std::move(what), ms_since(begun), succeeded, std::move(detail)});
  }

  void advance(discovery_step step) {
    if (auto* why = std::get_if<fault>(&step)) {
      out_.why = std::move(*why);
      return end();
    }
    if (auto* ask = std::get_if<ask_well_known>(&step)) return ask_for_file(ask->name);
    if (auto* ask = std::get_if<ask_srv>(&step)) return ask_for_records(ask->service);
    way_ = std::get<route>(std::move(step));
    out_.host_header = way_.host_header;
    out_.tls_name = way_.tls_name;
    find_addresses(0);
  }

  // -- the well-known file

  void ask_for_file(const std::string& name) {
    out_.delegation.asked = true;
    step_begun_ = steady::now();
    file_name_ = name;
    url_ = {name, tuning_.well_known_port, "/.well-known/matrix/server"};
    fetch();
  }

  void fetch() {
    const auto way = url_.way();
    const auto to = way.hops.front();
    auto with = [this, way, to](result<resolver::addresses> found) {
      if (!found) return file_ended({}, to.host + ": " + found.error().detail);
      https_call call;
      call.method = "GET";
      call.target = url_.target;
      call.to = to;
      call.addresses = std::move(found->numeric);
      call.host_header = way.host_header;
      call.tls_name = way.tls_name;
      call.timeout = well_known_timeout;
      call.response_bytes_max = well_known_bytes_max;
      client_->start(std::move(call), [this](https_outcome outcome) { fetched(std::move(outcome)); });
    };
    if (to.is_ip_literal) return with(resolver::addresses{});
    names_->find_addresses(to.host, std::move(with));
  }

  void fetched(https_outcome outcome) {
    auto& told = out_.delegation;
    told.status = outcome.status;
    if (outcome.status >= 300 && outcome.status < 400 && told.redirects < well_known_redirects_max) {
      if (auto next = split_url(outcome.redirect_url)) {
        ++told.redirects;
        url_ = std::move(*next);
        return fetch();
      }
    }
    told.cache_control = std::move(outcome.cache_control);
    told.expires = std::move(outcome.expires);
    if (outcome.status == 0) return file_ended({}, to_string(outcome.why));
    if (outcome.status != 200) return file_ended({}, "HTTP status " + std::to_string(outcome.status));
    auto delegated = parse_well_known(outcome.body);
    if (!delegated) return file_ended({}, to_string(delegated.error()));
    file_ended(*delegated, {});
  }

  void file_ended(const std::string& delegated, std::string problem) {
    note("well-known", file_name_, step_begun_, !delegated.empty(), delegated.empty() ? problem : delegated);
    out_.delegation.delegated = delegated;
    out_.delegation.problem = std::move(problem);
    advance(machine_.on_well_known(delegated.empty() ? std::nullopt : std::optional{delegated}));
  }

  // -- SRV records and addresses

  void ask_for_records(const std::string& service) {
    step_begun_ = steady::now();
    names_->find_services(service, [this, service](result<resolver::services> found) {
      auto& told = out_.lookups.emplace_back();
      told.name = service;
      if (!found) {
        told.problem = found.error().detail;
        note("SRV", service, step_begun_, false, told.problem);
        return advance(machine_.on_srv_failed(found.error().detail));
      }
      for (const auto& x : found->records) told.records.push_back({x.target, x.port, x.priority, x.weight});
      note("SRV", service, step_begun_, true, std::to_string(found->records.size()) + " records");
      advance(machine_.on_srv(std::move(found->records)));
    });
  }

  void find_addresses(std::size_t index) {
    if (index == way_.hops.size()) return connect_all();
    const auto& to = way_.hops[index];
    step_begun_ = steady::now();
    auto& told = out_.hosts.emplace_back();
    told.name = to.host;
    told.port = to.port;
    if (to.is_ip_literal) {
      told.addresses = {to.host};
      return find_addresses(index + 1);
    }
    names_->find_addresses(to.host, [this, index](result<resolver::addresses> found) {
      auto& host = out_.hosts.back();
      if (found) host.addresses = std::move(found->numeric);
      else host.problem = found.error().detail;
      std::string all;
      for (const auto& x : host.addresses) all += (all.empty() ? "" : ", ") + x;
      note("DNS", host.name, step_begun_, host.problem.empty(), host.problem.empty() ? all : host.problem);
      find_addresses(index + 1);
    });
  }

  void connect_all() {
    for (const auto& host : out_.hosts)
      for (const auto& address : host.addresses) {
        if (connections_.size() == probed_addresses_max) break;
        connections_.push_back(probe_connection::make(
          io_, {address, host.port, way_.host_header, way_.tls_name, out_.server_name, out_.started_ts}, trust_,
          [this](probe::phase x) { out_.phases.push_back(std::move(x)); }, [this] { connection_ended(); }));
      }
    open_ = connections_.size();
    if (open_ == 0) {
      out_.why = {fault_code::peer_unresolvable, "none of its hosts has an address"};
      return end();
    }
    for (const auto& x : connections_) x->start(policy_);
  }

  void connection_ended() {
    if (--open_ == 0) end();
  }

  void end() {
    has_ended_ = true;
    io_.stop();
  }

  const config::gateway_options& options_;
  const probe_tuning tuning_;
  const steady::time_point begun_ = steady::now();
  probe::report out_;
  boost::asio::io_context io_{1};
  discovery machine_;
  address_policy policy_;
  trust_store trust_;
  std::unique_ptr<resolver> names_;
  std::unique_ptr<http_client> client_;
  steady::time_point step_begun_;
  std::string file_name_;
  url_parts url_;
  route way_;
  std::vector<std::shared_ptr<probe_connection>> connections_;
  std::size_t open_ = 0;
  bool has_ended_ = false;
};

} // namespace

probe::report probe_server(const config::gateway_options& options, const std::string& server_name, std::int64_t now_ms,
                           const probe_tuning& tuning) {
  return prober{options, server_name, now_ms, tuning}.run();
}

} // namespace causeway::gateway
