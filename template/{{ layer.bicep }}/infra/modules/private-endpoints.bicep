// How people and CI reach closed resources from your network.

import { Placement, Texts } from '../types.bicep'

@description('Required. Where the resources stand, and their tags.')
param placement Placement

@description('Required. Name of the workspace, of which the endpoints\' names are made.')
param workspaceName string

@description('Required. Resource ID of the subnet they stand in.')
param subnetId string

@description('Required. Resource IDs of the zones, by name; none where a policy registers the endpoints.')
param zoneIds Texts

@description('Required. The endpoints.')
param endpoints {
  @description('Required. Name of the endpoint.')
  name: string

  @description('Required. What is reached: a key of `targets`.')
  on: string

  @description('Required. The part of it that is reached.')
  subresource: string

  @description('Required. Modes of the network that have it.')
  modes: string[]

  @description('Required. Names of its zones.')
  zones: string[]
}[]

@description('Required. Resource IDs of what is reached, by name.')
param targets Texts

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for item in endpoints: {
    name: 'pe-${workspaceName}-${item.name}'
    location: placement.location
    tags: placement.tags
    properties: {
      subnet: {
        id: subnetId
      }
      privateLinkServiceConnections: [
        {
          name: item.name
          properties: {
            privateLinkServiceId: targets[item.on]
            groupIds: [item.subresource]
          }
        }
      ]
    }
  }
]

resource zones 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (item, index) in endpoints: if (!empty(zoneIds)) {
    parent: endpoint[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: map(item.zones, zoneName => {
        name: zoneName
        properties: {
          privateDnsZoneId: zoneIds[zoneName]
        }
      })
    }
  }
]
