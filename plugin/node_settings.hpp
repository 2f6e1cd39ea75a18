#pragma once
#include "actors/context.hpp"
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "messages/federation_switches.hpp"
#include "plugin/node_log.hpp"
#include "plugin/store/engine.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace causeway {

/// What may change while the node runs: the reloadable options, and what the chat server has set in their place with
/// federation.configure. Actors have them as snapshots. Any thread.
class node_settings {
public:
  using publish_function = std::function<void(std::shared_ptr<const settings>)>;

  /// @param options  of the node. Those that may change are changed here, and read by others before the node runs, or
  /// by the thread that reloads; outlive this, as the log does.
  /// @param publish  hands a new snapshot to all who have an older one. Never called twice at a time.
  node_settings(config::options& options, node_log& log, publish_function publish)
      : options_(options), log_(log), publish_(std::move(publish)) {}

  /// What the chat server has set before the start. Publishes nothing. @pre called once, before `now`
  /// @param switches  as the store has them; empty: nothing was set
  /// @returns store_failed: they cannot be read
  status restore(const std::string& switches);
  /// For what is made now. Never null after `restore`.
  std::shared_ptr<const settings> now() const;
  /// How long rows are kept.
  store::purge_limits retention() const;

  /// Takes over the reloadable options that differ, all or none, but those that somebody else takes over:
  /// `edge.peers`, `log.level`. The log says which, or why not.
  void reload(const config::options& wanted);
  /// What the chat server sets from now on.
  void switch_federation(federation_switches now);

private:
  /// @pre `mutex_` is held
  void renew();
  /// Those of a later change are never followed by those of an earlier one.
  void publish();
  void log_overruled();

  config::options& options_;
  node_log& log_;
  const publish_function publish_;
  std::mutex publishing_;    ///< one change after the other; before `mutex_`
  mutable std::mutex mutex_; ///< guards what follows, and those of `options_` that may change
  std::shared_ptr<const settings> now_;
  federation_switches switches_; ///< prevails over `options_`
};

} // namespace causeway
