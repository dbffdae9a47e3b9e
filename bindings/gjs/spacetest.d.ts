// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Types for TypeScript, and for editors: Spacetest in GJS, with its overrides. What comes from GLib has to be declared as well,
// by the packages of ts-for-gir (@girs/gjs) for example. The API reference says what each of these does.

declare module 'gi://Spacetest?version=1' {
    import Gio from 'gi://Gio';
    import GLib from 'gi://GLib';
    import GObject from 'gi://GObject';

    namespace Spacetest {
        /** Kinds of namespaces: flags, or their names, like 'net,mnt'. */
        type Kinds = NamespaceType | string;
        type Content = GLib.Bytes | Uint8Array;
        type Done<T> = (source: T | null, result: Gio.AsyncResult) => void;
        type Cancellable = Gio.Cancellable | null;
        type Closable = { close(): unknown };
        /** Values, but no promises and generators: their bodies would run outside. */
        type Value<T> = T extends PromiseLike<unknown> | Generator | AsyncGenerator ? never : T;
        /** What an action takes and gives; undefined arrives as null. */
        type Plain = null | undefined | boolean | number | string | Uint8Array | Plain[] | { [key: string]: Plain };
        interface SpacerOptionsValues {
            id_map?: IdMap;
            monotonic_offset?: number;
            boottime_offset?: number;
            host_name?: string | null;
        }

        const MAJOR_VERSION: number;
        const MICRO_VERSION: number;
        const MINOR_VERSION: number;
        const VERSION_S: string;

        enum AddressFlags {
            NONE = 0,
            DETECT_DUPLICATES = 1,
        }

        enum IdMap {
            ROOT = 0,
            SELF = 1,
        }

        enum MacvlanMode {
            BRIDGE = 0,
            PRIVATE = 1,
            VEPA = 2,
            PASSTHRU = 3,
        }

        enum NamespaceType {
            NONE = 0,
            TIME = 128,
            MNT = 131072,
            CGROUP = 33554432,
            UTS = 67108864,
            IPC = 134217728,
            USER = 268435456,
            PID = 536870912,
            NET = 1073741824,
        }

        namespace NamespaceType {
            function get_name(type: Kinds): string | null;
        }

        enum SpacerPolicy {
            NEVER = 0,
            AUTO = 1,
            ALWAYS = 2,
        }

        enum Sysfs {
            KEPT = 0,
            FRESH = 1,
            COVERED = 2,
        }

        class Error extends GLib.Error {
            static readonly FAILED: number;
            static readonly PERMISSION_DENIED: number;
            static readonly NOT_SUPPORTED: number;
            static readonly NOT_FOUND: number;
            static readonly NOT_A_NAMESPACE: number;
            static readonly WRONG_TYPE: number;
            static readonly WRONG_THREAD: number;
            static readonly WRONG_ORDER: number;
            static readonly CLOSED: number;
            static readonly STALE: number;
            static readonly INVALID_ARGUMENT: number;
            static readonly EXHAUSTED: number;
            static readonly WOULD_TOUCH_HOST: number;
            static readonly CALLBACK_FAILED: number;
            static readonly HELPER_FAILED: number;
            static readonly PROTOCOL: number;
            static readonly NO_RETURN: number;
            static readonly EXISTS: number;
            static quark(): GLib.Quark;
            readonly name: string;
            /** What the function threw that could not come home; of NO_RETURN only. */
            cause?: unknown;
            toJSON(): { message: string; code: number; stack: string };
        }

        /** Calls func in a space, or in one of new namespaces that is closed again, with that space. */
        function withVisit<S extends Space, T>(space: S, func: (space: S) => Value<T>): T;
        function withVisit<T>(types: Kinds, func: (space: Space) => Value<T>): T;
        /** Calls func, and closes what it was given: at once, or when the promise that it returns is settled. */
        function using<A extends Closable, T>(a: A, func: (a: A) => T): T;
        function using<A extends Closable, B extends Closable, T>(a: A, b: B, func: (a: A, b: B) => T): T;
        function using<A extends Closable, B extends Closable, C extends Closable, T>(a: A, b: B, c: C, func: (a: A, b: B, c: C) => T): T;
        function using(...args: [Closable, ...(Closable | ((...objects: any[]) => unknown))[]]): any;
        /**
         * Calls func with a capture of an interface, or of all. The file, in SPACETEST_CAPTURES or the temporary directory, is kept
         * if func throws, or if the promise that it returns is rejected.
         */
        function withCapture<T>(space: Space, name: string | null, func: (capture: Capture) => T): T;

        function enter_transient(types: Kinds): Visit;
        function error_quark(): GLib.Quark;
        function exit_guard_count_visits(): number;
        function exit_guard_drop(): void;
        function exit_guard_fail(): void;
        function exit_guard_hold(): void;
        function exit_guard_start(log_domain: string | null, prefixes: string[] | null): void;
        function exit_guard_stop(): void;
        function find_strays(): string[];
        function namespace_type_get_name(type: Kinds): string | null;
        function namespace_types_from_string(text: string): NamespaceType;
        function namespace_types_to_string(types: Kinds): string;
        function probe(types: Kinds, cancellable?: Cancellable): boolean;
        function probe_async(types: Kinds, cancellable?: Cancellable): Promise<boolean>;
        function probe_async(types: Kinds, cancellable: Cancellable, callback: Done<GObject.Object>): void;
        function probe_finish(result: Gio.AsyncResult): boolean;
        function reexec_is_inside(): boolean;
        function reexec_receive(): GLib.Variant;
        function reexec_reply(result: GLib.Variant): boolean;
        function reexec_reply_error(domain: string, code: number, message: string): boolean;
        function reexec_run(space: Space, name: string, parameter?: GLib.Variant | null, cancellable?: Cancellable): GLib.Variant;
        function reexec_run_with_options(space: Space, name: string, parameter?: GLib.Variant | null, options?: ReexecOptions | null,
            cancellable?: Cancellable): GLib.Variant;
        function reexec_run_async(space: Space, name: string, parameter?: GLib.Variant | null, options?: ReexecOptions | null,
            cancellable?: Cancellable): Promise<GLib.Variant>;
        function reexec_run_async(space: Space, name: string, parameter: GLib.Variant | null, options: ReexecOptions | null,
            cancellable: Cancellable, callback: Done<GObject.Object>): void;
        function reexec_run_finish(result: Gio.AsyncResult): GLib.Variant;
        /** An action: run by runAction() in a fresh copy of the script, as far as that comes to runActions(). */
        function registerAction(name: string, func: (...args: any[]) => Plain | void | Promise<Plain | void>): void;
        /** Comes after the actions. In a copy, it runs the action and ends the process. */
        function runActions(): void;
        function startup_get_status(): boolean;

        class Space extends GObject.Object {
            static new(refs: NamespaceRef[]): Space;
            static new_for_pid(pid: number, types: Kinds): Space;
            static new_transient(types: Kinds): Space;
            static new_transient_async(types: Kinds, cancellable?: Cancellable): Promise<Space>;
            static new_transient_async(types: Kinds, cancellable: Cancellable, callback: Done<GObject.Object>): void;
            static new_transient_finish(result: Gio.AsyncResult): Space;
            assign_nsid(other: Space, number: number): number;
            /** Returns what func returns, and throws what it throws. */
            call<A extends unknown[], T>(func: (...args: A) => Value<T>, ...args: A): T;
            create_netlink_socket(protocol: number): Gio.Socket;
            create_netlink_socket_async(protocol: number, cancellable?: Cancellable): Promise<Gio.Socket>;
            create_netlink_socket_async(protocol: number, cancellable: Cancellable, callback: Done<this>): void;
            create_netlink_socket_finish(result: Gio.AsyncResult): Gio.Socket;
            create_socket(family: Gio.SocketFamily, type: Gio.SocketType, protocol?: Gio.SocketProtocol): Gio.Socket;
            create_socket_async(family: Gio.SocketFamily, type: Gio.SocketType, protocol?: Gio.SocketProtocol,
                cancellable?: Cancellable): Promise<Gio.Socket>;
            create_socket_async(family: Gio.SocketFamily, type: Gio.SocketType, protocol: Gio.SocketProtocol,
                cancellable: Cancellable, callback: Done<this>): void;
            create_socket_finish(result: Gio.AsyncResult): Gio.Socket;
            enter(): Visit;
            get_host_name(): string;
            get_nsid(other: Space): number;
            get_ref(type: Kinds): NamespaceRef;
            get_sysctl(name: string): string;
            get_types(): NamespaceType;
            /** Ends with what the action returns or throws. ReexecOptions and a cancellable may come after its arguments. */
            runAction<T = any>(name: string, ...args: (Plain | ReexecOptions | Gio.Cancellable)[]): Promise<T>;
            /** Throws: GJS allows no callback on another thread.
             * @deprecated Use call(), enter() and leave(), or spawn a program there. */
            run_in_thread(...args: never[]): never;
            /** Throws: GJS allows no callback on another thread.
             * @deprecated Use call(), enter() and leave(), or spawn a program there. */
            run_in_thread_async(...args: never[]): never;
            set_host_name(name: string): boolean;
            set_sysctl(name: string, value: string): boolean;
            /** Until a server listens there, or the milliseconds are over. */
            wait_listening(address: Gio.SocketAddress, type?: Gio.SocketType, timeout?: number, cancellable?: Cancellable): boolean;
            wait_listening_async(address: Gio.SocketAddress, type?: Gio.SocketType, timeout?: number,
                cancellable?: Cancellable): Promise<boolean>;
            wait_listening_async(address: Gio.SocketAddress, type: Gio.SocketType, timeout: number, cancellable: Cancellable,
                callback: Done<this>): void;
            wait_listening_finish(result: Gio.AsyncResult): boolean;
            spawnv(argv: string[], flags?: Gio.SubprocessFlags): Gio.Subprocess;
            spawnv_async(argv: string[], flags?: Gio.SubprocessFlags, cancellable?: Cancellable): Promise<Gio.Subprocess>;
            spawnv_async(argv: string[], flags: Gio.SubprocessFlags, cancellable: Cancellable, callback: Done<this>): void;
            spawnv_finish(result: Gio.AsyncResult): Gio.Subprocess;
        }

        class NamespaceRef extends Space {
            static new_current(type: Kinds): NamespaceRef;
            static new_for_chain(paths: string[], type?: Kinds): NamespaceRef;
            static new_for_fd(fd: number, type?: Kinds): NamespaceRef;
            static new_for_id(id: NamespaceId, type: Kinds): NamespaceRef;
            static new_for_path(path: string, type?: Kinds): NamespaceRef;
            static new_for_pid(pid: number, type: Kinds): NamespaceRef;
            static new_for_pidfd(pidfd: number, type: Kinds): NamespaceRef;
            static new_from_portable(portable: GLib.Variant): NamespaceRef;
            static new_from_portable_string(text: string): NamespaceRef;
            static new_take_fd(fd: number, type?: Kinds): NamespaceRef;
            static new_transient(type: Kinds): NamespaceRef;
            static new_transient_async(type: Kinds, cancellable?: Cancellable): Promise<NamespaceRef>;
            static new_transient_async(type: Kinds, cancellable: Cancellable, callback: Done<GObject.Object>): void;
            static new_transient_finish(result: Gio.AsyncResult): NamespaceRef;
            readonly closed: boolean;
            readonly from_spacer: boolean;
            close(): void;
            dup_fd(): number;
            equal(other: NamespaceRef): boolean;
            get_id(): NamespaceId;
            get_namespace_type(): NamespaceType;
            get_owner(): NamespaceRef;
            get_owner_uid(): number;
            get_parent(): NamespaceRef;
            get_serial(): number;
            hash(): number;
            is_closed(): boolean;
            is_from_spacer(): boolean;
            peek_fd(): number;
            to_portable(): GLib.Variant;
            to_portable_string(): string;
            to_string(): string;
            toString(): string;
        }

        class TransientNetns extends NamespaceRef {
            static new(): TransientNetns;
            static new_async(cancellable?: Cancellable): Promise<TransientNetns>;
            static new_async(cancellable: Cancellable, callback: Done<GObject.Object>): void;
            static new_finish(result: Gio.AsyncResult): TransientNetns;
            /** Closed until init(). */
            constructor(properties?: { loopback_up?: boolean });
            readonly loopback_up: boolean;
            get_loopback_up(): boolean;
            init(cancellable: Cancellable): boolean;
        }

        class TransientMntns extends NamespaceRef {
            static new(): TransientMntns;
            static new_async(cancellable?: Cancellable): Promise<TransientMntns>;
            static new_async(cancellable: Cancellable, callback: Done<GObject.Object>): void;
            static new_finish(result: Gio.AsyncResult): TransientMntns;
            readonly sysfs: Sysfs;
            get_root_path(): string;
            get_sysfs(): Sysfs;
            init(cancellable: Cancellable): boolean;
            mount_proc(): boolean;
            mount_sysfs(): boolean;
            mount_tmpfs(path: string, size?: number): boolean;
            overlay_file(path: string, content: Content): boolean;
            set_hosts(hosts: string[]): boolean;
            set_name_servers(addresses: string[]): boolean;
        }

        class NamespaceId {
            static new(device: number, inode: number): NamespaceId;
            static new_for_inode(inode: number): NamespaceId;
            static parse(text: string): [NamespaceId, NamespaceType];
            device: number;
            inode: number;
            equal(other: NamespaceId): boolean;
            hash(): number;
            to_string(): string;
            toString(): string;
        }

        class Visit extends GObject.Object {
            get_space(): Space | null;
            is_active(): boolean;
            leave(): boolean;
        }

        class NetnsPool extends GObject.Object {
            static new(size: number): NetnsPool;
            acquire(): TransientNetns;
            close(): void;
            fill(cancellable?: Cancellable): boolean;
            get_n_ready(): number;
            get_size(): number;
        }

        class MountView extends GObject.Object {
            static new(mntns: NamespaceRef): MountView;
            allow_host: boolean;
            readonly closed: boolean;
            close(): void;
            get_allow_host(): boolean;
            get_ref(): NamespaceRef | null;
            is_closed(): boolean;
            list(path: string): string[];
            load(path: string): GLib.Bytes;
            open(path: string, flags?: number, mode?: number): number;
            replace(path: string, content: Content): boolean;
            resolve(path: string): string;
            set_allow_host(allow_host: boolean): void;
        }

        class Pin extends GObject.Object {
            static new(reference: NamespaceRef, path: string): Pin;
            static list(): PinInfo[];
            readonly closed: boolean;
            readonly path: string;
            close(): boolean;
            get_path(): string | null;
            is_closed(): boolean;
        }

        class PinInfo {
            get_id(): NamespaceId;
            get_namespace_type(): NamespaceType;
            get_path(): string;
        }

        class Launcher extends GObject.Object {
            static new(flags?: Gio.SubprocessFlags): Launcher;
            close(): void;
            getenv(variable: string): string | null;
            set_cwd(cwd: string | null): void;
            set_environ(environment: string[] | null): void;
            set_flags(flags: Gio.SubprocessFlags): void;
            set_stderr_file_path(path: string | null): void;
            set_stdin_file_path(path: string | null): void;
            set_stdout_file_path(path: string | null): void;
            setenv(variable: string, value: string, overwrite?: boolean): void;
            spawnv(space: Space, argv: string[]): Gio.Subprocess;
            spawnv_async(space: Space, argv: string[], cancellable?: Cancellable): Promise<Gio.Subprocess>;
            spawnv_async(space: Space, argv: string[], cancellable: Cancellable, callback: Done<this>): void;
            spawnv_finish(result: Gio.AsyncResult): Gio.Subprocess;
            take_fd(source_fd: number, target_fd: number): void;
            take_stderr_fd(fd: number): void;
            take_stdin_fd(fd: number): void;
            take_stdout_fd(fd: number): void;
            unsetenv(variable: string): void;
        }

        class ReexecOptions extends GObject.Object {
            static new(): ReexecOptions;
            get_start_timeout(): number;
            get_timeout(): number;
            set_command(argv: string[] | null): void;
            set_launcher(launcher: Launcher | null): void;
            set_result_type(type: GLib.VariantType | null): void;
            set_start_timeout(milliseconds: number): void;
            set_timeout(milliseconds: number): void;
        }

        class Spacer extends GObject.Object {
            static new(cancellable?: Cancellable): Spacer;
            static new_with_options(options?: SpacerOptions | SpacerOptionsValues | null, cancellable?: Cancellable): Spacer;
            static new_async(options?: SpacerOptions | SpacerOptionsValues | null, cancellable?: Cancellable): Promise<Spacer>;
            static new_async(options: SpacerOptions | SpacerOptionsValues | null, cancellable: Cancellable,
                callback: Done<GObject.Object>): void;
            static new_finish(result: Gio.AsyncResult): Spacer;
            static get_default(cancellable?: Cancellable): Spacer;
            static get_policy(): SpacerPolicy;
            static set_policy(policy: SpacerPolicy): boolean;
            readonly closed: boolean;
            readonly pid: number;
            readonly space: Space;
            timeout: number;
            close(): void;
            connect(signal: 'died', callback: (spacer: this) => void): number;
            connect(signal: string, callback: (...args: any[]) => any): number;
            create_space(types: Kinds, cancellable?: Cancellable): Space;
            create_space_async(types: Kinds, cancellable?: Cancellable): Promise<Space>;
            create_space_async(types: Kinds, cancellable: Cancellable, callback: Done<this>): void;
            create_space_finish(result: Gio.AsyncResult): Space;
            create_subspace(types: Kinds, options?: SpacerOptions | SpacerOptionsValues | null, cancellable?: Cancellable): Spacer;
            create_subspace_async(types: Kinds, options?: SpacerOptions | SpacerOptionsValues | null,
                cancellable?: Cancellable): Promise<Spacer>;
            create_subspace_async(types: Kinds, options: SpacerOptions | SpacerOptionsValues | null, cancellable: Cancellable,
                callback: Done<this>): void;
            create_subspace_finish(result: Gio.AsyncResult): Spacer;
            create_transient(type: Kinds, cancellable?: Cancellable): NamespaceRef;
            create_transient_async(type: Kinds, cancellable?: Cancellable): Promise<NamespaceRef>;
            create_transient_async(type: Kinds, cancellable: Cancellable, callback: Done<this>): void;
            create_transient_finish(result: Gio.AsyncResult): NamespaceRef;
            get_pid(): number;
            get_space(): Space;
            get_timeout(): number;
            is_closed(): boolean;
            set_timeout(seconds: number): void;
        }

        class SpacerOptions extends GObject.Object {
            static new(): SpacerOptions;
            constructor(properties?: SpacerOptionsValues);
            boottime_offset: number;
            host_name: string | null;
            id_map: IdMap;
            monotonic_offset: number;
            get_boottime_offset(): number;
            get_host_name(): string | null;
            get_id_map(): IdMap;
            get_monotonic_offset(): number;
            set_boottime_offset(microseconds: number): void;
            set_host_name(host_name: string | null): void;
            set_id_map(id_map: IdMap): void;
            set_monotonic_offset(microseconds: number): void;
            take_stderr_fd(fd: number): void;
            take_stdout_fd(fd: number): void;
        }

        class Link extends GObject.Object {
            static new_bridge(space: Space, name?: string | null): Link;
            static new_cable(space: Space, address: string, peer_space: Space, peer_address: string): Link;
            static new_dummy(space: Space, name?: string | null): Link;
            static new_for_index(space: Space, index: number): Link;
            static new_for_name(space: Space, name: string): Link;
            static new_macvlan(parent: Link, space: Space | null, name: string | null, mode: MacvlanMode): Link;
            static new_tap(space: Space, name?: string | null): Link;
            static new_tun(space: Space, name?: string | null): Link;
            static new_veth(space: Space, name: string | null, peer_space: Space, peer_name?: string | null): Link;
            static new_vlan(parent: Link, space: Space | null, name: string | null, number: number): Link;
            static list(space: Space): Link[];
            readonly carrier: boolean;
            readonly index: number;
            readonly kind: string | null;
            readonly mac: string | null;
            readonly mtu: number;
            readonly name: string | null;
            readonly network: NamespaceRef | null;
            readonly present: boolean;
            ready_timeout: number;
            readonly up: boolean;
            add_address(address: string): boolean;
            add_address_full(address: string, flags: AddressFlags): boolean;
            add_neighbour(address: string, mac: string): boolean;
            add_port(port: Link): boolean;
            add_route(destination: string, gateway?: string | null): boolean;
            delete(): boolean;
            dup_fd(): number;
            equal(other: Link): boolean;
            get_impairment(): Impairment;
            get_index(): number;
            get_kind(): string | null;
            get_mac(): string | null;
            get_mtu(): number;
            get_name(): string | null;
            get_network(): NamespaceRef | null;
            get_peer(): Link;
            has_carrier(): boolean;
            is_present(): boolean;
            is_up(): boolean;
            list_addresses(): string[];
            list_neighbours(): Neighbour[];
            list_ports(): Link[];
            list_routes(): Route[];
            move(space: Space, name?: string | null): boolean;
            remove_address(address: string): boolean;
            remove_neighbour(address: string): boolean;
            remove_port(port: Link): boolean;
            remove_route(destination: string, gateway?: string | null): boolean;
            rename(name: string): boolean;
            set_impairment(impairment?: Impairment | null): boolean;
            set_mac(mac: string): boolean;
            set_mtu(mtu: number): boolean;
            set_up(up: boolean): boolean;
            to_string(): string;
            toString(): string;
            unwatch(): void;
            wait_ready(cancellable?: Cancellable): boolean;
            wait_ready_async(cancellable?: Cancellable): Promise<boolean>;
            wait_ready_async(cancellable: Cancellable, callback: Done<this>): void;
            wait_ready_finish(result: Gio.AsyncResult): boolean;
            wait_route(destination: string, gateway?: string | null, cancellable?: Cancellable): boolean;
            wait_route_async(destination: string, gateway?: string | null, cancellable?: Cancellable): Promise<boolean>;
            wait_route_async(destination: string, gateway: string | null, cancellable: Cancellable, callback: Done<this>): void;
            wait_route_finish(result: Gio.AsyncResult): boolean;
            watch(): boolean;
        }

        class Impairment extends GObject.Object {
            static new(): Impairment;
            constructor(properties?: { corruption?: number; delay?: number; duplication?: number; jitter?: number; limit?: number;
                loss?: number; rate?: number; reordering?: number });
            corruption: number;
            delay: number;
            duplication: number;
            jitter: number;
            limit: number;
            loss: number;
            rate: number;
            reordering: number;
            to_string(): string;
            toString(): string;
        }

        class Neighbour extends GObject.Object {
            readonly address: string | null;
            readonly mac: string | null;
            readonly permanent: boolean;
            get_address(): string | null;
            get_mac(): string | null;
            is_permanent(): boolean;
            to_string(): string;
            toString(): string;
        }

        class Route extends GObject.Object {
            readonly destination: string | null;
            readonly gateway: string | null;
            readonly metric: number;
            get_destination(): string | null;
            get_gateway(): string | null;
            get_metric(): number;
            to_string(): string;
            toString(): string;
        }

        class Capture extends GObject.Object {
            static new(space: Space, link: string | null, path: string): Capture;
            /** Closed until init(). The property is called interface. */
            constructor(properties?: { space?: Space; interface?: string | null; path?: string; snapshot_length?: number; keep?: boolean });
            readonly interface: string | null;
            keep: boolean;
            readonly path: string;
            readonly snapshot_length: number;
            readonly space: Space;
            close(): boolean;
            discard(): boolean;
            get_keep(): boolean;
            get_n_dropped(): number;
            get_n_packets(): number;
            init(cancellable: Cancellable): boolean;
            is_closed(): boolean;
            set_keep(keep: boolean): void;
        }
    }

    export default Spacetest;
}

declare module 'gi://Spacetest' {
    import Spacetest from 'gi://Spacetest?version=1';
    export default Spacetest;
}
