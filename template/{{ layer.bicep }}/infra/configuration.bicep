// How the configuration is read.

import { Network, Texts } from 'types.bicep'

@export()
@description('Return config/common.yml and config/<environment>.yml as one: section by section, a key of the environment\'s file replaces the same key of common.yml, null and lists included.')
#disable-next-line use-user-defined-types // a file has no type before it is read
func merged(common object, own object) object =>
  toObject(
    union(objectKeys(common), objectKeys(own)),
    section => section,
    section => shallowMerge([common[?section] ?? {}, own[?section] ?? {}])
  )

@export()
@description('Return tags without the one that names the environment, for resources that environments share.')
#disable-next-line use-user-defined-types // a file has no type before it is read
func shared(tags object) object =>
  toObject(filter(items(tags), tag => tag.key != 'environment'), tag => tag.key, tag => tag.value)

@export()
@description('Return the resource ID of the subnet for private endpoints: yours, or that of the network that network.bicep builds in the same subscription; empty where there is none.')
func subnet(network Network, subscriptionId string) string =>
  network.?address_space == null
    ? network.?subnet_id ?? ''
    : resourceId(
        subscriptionId,
        network.?resource_group ?? 'none',
        'Microsoft.Network/virtualNetworks/subnets',
        network.?name ?? 'none',
        'endpoints'
      )

@export()
@description('Return the resource IDs of private DNS zones by name: yours, or those that network.bicep builds; none where a policy registers the endpoints.')
func zones(network Network, subscriptionId string, names string[]) Texts =>
  network.?address_space == null
    ? toObject(network.?private_dns_zone_ids ?? [], id => last(split(id, '/')), id => id)
    : toObject(
        names,
        name => name,
        name => resourceId(subscriptionId, network.?resource_group ?? 'none', 'Microsoft.Network/privateDnsZones', name)
      )
